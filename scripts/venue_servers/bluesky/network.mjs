// A whole Bluesky network on this machine for the tests: directory of identities, personal data server, AppView.
// Says in one line of JSON where it listens, then runs until its standard input is closed.
// DB_POSTGRES_URL: a database of its own. DB_POSTGRES_SCHEMA: a name for its tables. REDIS_HOST: host:port.
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const require = createRequire(pathToFileURL(process.cwd() + '/'))
const { TestNetwork } = require('@atproto/dev-env')

const network = await TestNetwork.create({
  dbPostgresUrl: process.env.DB_POSTGRES_URL,
  dbPostgresSchema: process.env.DB_POSTGRES_SCHEMA,
  pds: { hostname: 'localhost', enableDidDocWithSession: true },
})
console.log(JSON.stringify({ pds: network.pds.url, plc: network.plc.url, appview: network.bsky.url }))

process.stdin.resume()
process.stdin.on('end', () => process.exit(0))
