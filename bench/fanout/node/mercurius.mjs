import Fastify from 'fastify'
import mercurius from 'mercurius'
import { port, publishing, SCHEMA } from './event.mjs'

const app = Fastify()
app.register(mercurius, {
  schema: SCHEMA,
  jit: 1,
  subscription: true,
  resolvers: {
    Query: { ok: () => true },
    Subscription: {
      projectEvents: { subscribe: (_, { projectId }, { pubsub }) => pubsub.subscribe(projectId) },
    },
  },
})
app.post('/publish', async request => {
  const publish = event => app.graphql.pubsub.publish({ topic: 'p', payload: { projectEvents: event } })
  publishing(request.url, publish)
  return ''
})
await app.listen({ port, host: '127.0.0.1' })
