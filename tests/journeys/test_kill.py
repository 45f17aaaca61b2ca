from tests.journeys.processes import Server, Processes
import time
async def test_smoke(server: Server, processes: Processes) -> None:
    p = (await server.ask('mutation { createProject(input: {prompt: "x"}) { id } }'))["createProject"]["id"]
    s = (await server.ask('mutation ($p: ID!) { createScene(input: {projectId: $p, title: "A", shots: [{description: "a woman on a roof"}]}) { id shots { id } } }', p=p))["createScene"]
    t0 = time.time()
    b = (await server.ask('mutation ($s: ID!) { generateImages(input: {shotId: $s, count: 12}) { id requested } }', s=s["shots"][0]["id"]))["generateImages"]
    print(b)
    import asyncio
    while True:
        n = (await server.ask('query ($b: ID!) { node(id: $b) { ... on JobBatch { complete failed } } }', b=b["id"]))["node"]
        print(time.time()-t0, n)
        if n["complete"] == 12: break
        await asyncio.sleep(.3)
    w = await processes.worker()
    print(await w.stop(), await server.stop())
    assert 0
