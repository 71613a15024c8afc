// Calls back, in Chromium, a citizen who reached nobody: his line of the list, one press, and the call on the card.
//
// Environment as of desk.mjs. Prints `ready`, `missed` with the line, `called`, `served` once the line is gone, `done`. Whoever
// started it has let a call ring out before, answers both phones after `called` and talks for ten seconds and more.
import { accessible, open, part, picture, quiet, ready, signIn, signOut, takeSeat } from './desk.mjs'

/** The list's line; its number is masked. */
async function missed(desk) {
  const row = part(desk, 'missed-row').first()
  await row.waitFor()
  const text = (await row.innerText()).split(/\s+/).join(' ')
  if (!text.includes('*') || /1\d{10}/.test(text)) throw new Error(`unmasked number in the list: ${text}`)
  await accessible(desk, 'missed call')
  await picture(desk, '09-missed')
  return text
}

/** Presses the line's button; the agent's own phone rings first. */
async function callBack(desk) {
  await part(desk, 'missed-row').first().locator('button').click()
  await desk.page.waitForFunction(() => document.querySelector('[data-test="missed-row"] button')?.disabled)
}

async function main() {
  const { BASE_URL, AGENT_USER, AGENT_PASSWORD, SCREENS, STEP_MS, CHROMIUM } = process.env
  if (!BASE_URL || !AGENT_USER || !AGENT_PASSWORD) throw new Error('BASE_URL, AGENT_USER and AGENT_PASSWORD must be set')
  const say = (step, more = {}) => process.stdout.write(`${JSON.stringify({ step, ...more })}\n`)
  let at = 'open'
  const desk = await open({
    baseUrl: BASE_URL,
    screens: SCREENS,
    stepMs: STEP_MS ? Number(STEP_MS) : 60_000,
    executablePath: CHROMIUM,
  })
  const step = async (name, run) => {
    at = name
    say(name, await run())
  }
  try {
    await step('signed_in', () => signIn(desk, { user: AGENT_USER, password: AGENT_PASSWORD }))
    await step('at_desk', () => takeSeat(desk))
    await step('ready', () => ready(desk))
    await step('missed', async () => ({ row: await missed(desk) }))
    await step('called', () => callBack(desk))
    await step('served', () => part(desk, 'missed-row').first().waitFor({ state: 'detached' }))
    await step('finished', async () => {
      if (await part(desk, 'finish').isVisible()) await part(desk, 'finish').click()
      await part(desk, 'finish').waitFor({ state: 'hidden' })
    })
    await step('signed_out', () => signOut(desk))
    at = 'quiet'
    quiet(desk)
    say('done')
  } catch (error) {
    await picture(desk, 'failed').catch(() => undefined)
    say('failed', { at, why: String(error), complaints: desk.complaints })
    process.exitCode = 1
  } finally {
    await desk.browser.close()
  }
}

await main()
