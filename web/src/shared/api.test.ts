// @vitest-environment node
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { types, TYPES } from '../../build/api.mjs'

it('the types are those of the API description (else: npm run api)', async () => {
  expect(readFileSync(TYPES, 'utf8') === (await types())).toBe(true)
})
