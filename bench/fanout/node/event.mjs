// What every Node server of the benchmark publishes, and how it is told to.
export const SCHEMA = `
  type Event {
    kind: String!
    subjectId: ID!
    version: Int!
    at: String!
    changed: [String!]!
    idempotencyKey: String!
  }
  type Query { ok: Boolean }
  type Subscription { projectEvents(projectId: ID!): Event! }
`

export const event = number => ({
  kind: 'UPDATED',
  subjectId: `shot_${String(number % 500).padStart(26, '0')}`,
  version: number,
  at: '2026-01-01T00:00:00+00:00',
  changed: ['title'],
  idempotencyKey: String(process.hrtime.bigint()),
})

// Publishes `count` events, giving way after each unless all come at once.
export async function publishing(url, publish) {
  const asked = new URL(url, 'http://here').searchParams
  for (let number = 0; number < Number(asked.get('count')); number++) {
    await publish(event(number))
    if (asked.get('burst') !== '1') await new Promise(setImmediate)
  }
}

// Answers the route that publishes; tells whether it was that one.
export const publishes = publish => (request, response) => {
  if (!request.url.startsWith('/publish')) return false
  response.end()
  publishing(request.url, publish)
  return true
}

export const port = Number(process.argv[2])
