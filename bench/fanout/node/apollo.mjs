import { createServer } from 'node:http'
import { ApolloServer } from '@apollo/server'
import { expressMiddleware } from '@as-integrations/express5'
import { makeExecutableSchema } from '@graphql-tools/schema'
import express from 'express'
import { PubSub } from 'graphql-subscriptions'
import { useServer } from 'graphql-ws/use/ws'
import { WebSocketServer } from 'ws'
import { port, publishes, SCHEMA } from './event.mjs'

const bus = new PubSub()
bus.ee.setMaxListeners(0)
const schema = makeExecutableSchema({
  typeDefs: SCHEMA,
  resolvers: {
    Query: { ok: () => true },
    Subscription: {
      projectEvents: {
        subscribe: (_, { projectId }) => bus.asyncIterableIterator(projectId),
        resolve: event => event,
      },
    },
  },
})
const app = express()
const answered = publishes(event => bus.publish('p', event))
app.use((request, response, next) => answered(request, response) || next())
const server = createServer(app)
useServer({ schema }, new WebSocketServer({ server, path: '/graphql' }))
const apollo = new ApolloServer({ schema })
await apollo.start()
app.use('/graphql', express.json(), expressMiddleware(apollo))
server.listen(port, '127.0.0.1')
