import { createServer } from 'node:http'
import { useServer } from 'graphql-ws/use/ws'
import { createPubSub, createSchema, createYoga } from 'graphql-yoga'
import { WebSocketServer } from 'ws'
import { port, publishes, SCHEMA } from './event.mjs'

const bus = createPubSub()
const yoga = createYoga({
  logging: false,
  graphiql: false,
  schema: createSchema({
    typeDefs: SCHEMA,
    resolvers: {
      Query: { ok: () => true },
      Subscription: {
        projectEvents: {
          subscribe: (_, { projectId }) => bus.subscribe(projectId),
          resolve: event => event,
        },
      },
    },
  }),
})
const answered = publishes(event => bus.publish('p', event))
const server = createServer((request, response) => answered(request, response) || yoga(request, response))

// As its guide says to put graphql-ws beside it.
useServer(
  {
    execute: given => given.rootValue.execute(given),
    subscribe: given => given.rootValue.subscribe(given),
    onSubscribe: async (context, _id, params) => {
      const { schema, execute, subscribe, contextFactory, parse, validate } = yoga.getEnveloped({
        ...context,
        req: context.extra.request,
        socket: context.extra.socket,
        params,
      })
      const given = {
        schema,
        operationName: params.operationName,
        document: parse(params.query),
        variableValues: params.variables,
        contextValue: await contextFactory(),
        rootValue: { execute, subscribe },
      }
      const errors = validate(given.schema, given.document)
      return errors.length ? errors : given
    },
  },
  new WebSocketServer({ server, path: '/graphql' }),
)
server.listen(port, '127.0.0.1')
