// Writes src/shared/api.ts, the API's types, from openapi.json (`npm run api`).
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import openapiTS, { astToString } from 'openapi-typescript'

const SPEC = fileURLToPath(new URL('../openapi.json', import.meta.url))
export const TYPES = fileURLToPath(new URL('../src/shared/api.ts', import.meta.url))

const HEAD = '// Made from openapi.json by `npm run api`; not edited by hand.\n\n'

/** The text of api.ts.
 * @returns {Promise<string>} */
export async function types() {
  const spec = JSON.parse(readFileSync(SPEC, 'utf8'))
  // Requests are made below the API's place, which server.ts names once.
  spec.paths = Object.fromEntries(
    Object.entries(spec.paths).map(([path, operations]) => [path.replace(/^\/api\/v1(?=\/)/, ''), operations]),
  )
  // The operations' names are the server's own business; without them each stands at its path.
  for (const operations of Object.values(spec.paths)) {
    for (const operation of Object.values(operations)) if (typeof operation === 'object') delete operation.operationId
  }
  return HEAD + astToString(await openapiTS(JSON.stringify(spec), { alphabetize: true }))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(TYPES, await types())
