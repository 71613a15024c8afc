// The agent's whole first call in a real browser, step by step: sign in, take a seat, be ready, see the call ring, find
// the work order after the answer, fill it in, submit it, see the call in today's list and hear its recording.
//
// The phone is the caller's business: this program prints one JSON line when a step is done, and whoever started it
// places the call after `ready`, answers after `ringing` and hangs up after `submitted`.
//
//   {"step":"signed_in"} {"step":"at_desk"} {"step":"ready"} {"step":"ringing","caller":…} {"step":"order","number":…}
//   {"step":"submitted","number":…} {"step":"in_list",…} {"step":"played","seconds":…} {"step":"done"}
//
// A failure prints {"step":"failed","at":…,"why":…} and ends with 1.
//
// Environment: BASE_URL, AGENT_USER, AGENT_PASSWORD; SCREENS (folder for pictures, none without), STEP_MS (patience of a
// step, [30000]), CHROMIUM [/usr/bin/chromium].
import { mkdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const require = createRequire(new URL('../../web/package.json', import.meta.url))
const { chromium } = require('playwright-core')

const FLAGS = [
  '--no-sandbox',
  '--use-fake-ui-for-media-stream',
  '--use-fake-device-for-media-stream',
  '--autoplay-policy=no-user-gesture-required',
  '--disable-background-networking',
  '--disable-component-update',
  '--no-first-run',
]

/** Opens the browser at the size of a desk; every complaint of the page is kept. */
export async function open({ baseUrl, screens, stepMs = 30_000, executablePath = '/usr/bin/chromium' }) {
  const browser = await chromium.launch({ executablePath, args: FLAGS })
  const context = await browser.newContext({
    ignoreHTTPSErrors: true,
    viewport: { width: 1366, height: 768 },
    locale: 'zh-CN',
    timezoneId: 'Asia/Shanghai',
  })
  const page = await context.newPage()
  page.setDefaultTimeout(stepMs)
  const complaints = []
  page.on('console', (message) => {
    // The first question "who am I" is answered 401 before the sign-in; the browser logs that by itself.
    const expected = message.location().url.endsWith('/api/v1/session')
    if (message.type() === 'error' && !expected) complaints.push(`${message.text()} (${message.location().url})`)
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  if (screens) await mkdir(screens, { recursive: true })
  return { browser, page, baseUrl, screens, complaints }
}

/** An element of the page by its name for tests. */
export const part = (desk, name) => desk.page.locator(`[data-test="${name}"]`)

/** Saves a picture of the page as NAME.png. */
export async function picture(desk, name) {
  if (desk.screens) await desk.page.screenshot({ path: join(desk.screens, `${name}.png`) })
}

/** Throws unless axe finds no violation on the page as it stands. */
export async function accessible(desk, where) {
  const source = await readFile(require.resolve('axe-core/axe.min.js'), 'utf8')
  await desk.page.evaluate(source)
  const violations = await desk.page.evaluate(async () => {
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
    const result = await window.axe.run(document, { runOnly: { type: 'tag', values: tags } })
    return result.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.target.join(' ')).join(', ')}`)
  })
  if (violations.length > 0) throw new Error(`axe at ${where}: ${violations.join(' | ')}`)
}

export async function signIn(desk, { user, password }) {
  await desk.page.goto(desk.baseUrl)
  await desk.page.locator('#user').fill(user)
  await accessible(desk, 'sign-in')
  await picture(desk, '01-sign-in')
  await desk.page.locator('#password').fill(password)
  await desk.page.keyboard.press('Enter')
  // At the first sign-in the secrecy commitment is to be signed.
  await part(desk, 'commitment').or(part(desk, 'presence')).first().waitFor()
  if (await part(desk, 'commitment').isVisible()) {
    await part(desk, 'commitment-read').check()
    await accessible(desk, 'secrecy commitment')
    await part(desk, 'commitment-sign').click()
  }
  await part(desk, 'presence').waitFor()
}

/** Takes a seat, unless the agent still sits at one. */
export async function takeSeat(desk) {
  const box = part(desk, 'desk-sign-in')
  await box.or(part(desk, 'call-card')).first().waitFor()
  if (!(await box.isVisible())) return
  await accessible(desk, 'desk sign-in')
  await picture(desk, '02-desk-sign-in')
  await part(desk, 'enter-desk').click()
  await part(desk, 'call-card').waitFor()
  await accessible(desk, 'desk, not ready')
}

export async function ready(desk) {
  await part(desk, 'ready').click()
  await desk.page.locator('[data-test="ready"][aria-pressed="true"]').waitFor()
  await accessible(desk, 'desk, ready')
  await picture(desk, '03-ready')
}

/** Waits for the call; gives the caller's number as shown. */
export async function ringing(desk) {
  await part(desk, 'reject').waitFor()
  const caller = await part(desk, 'caller').innerText()
  await accessible(desk, 'ringing')
  await picture(desk, '04-ringing')
  return caller
}

/** Waits for the order that the answer opens; gives its number. */
export async function order(desk) {
  await part(desk, 'name').first().waitFor()
  const number = (await part(desk, 'order-number').innerText()).trim()
  if (!/^\d{14}$/.test(number)) throw new Error(`order number ${number}`)
  await accessible(desk, 'empty order')
  return number
}

const ORDER = {
  name: '王先生',
  content: '机场路与学院路交叉口北侧路灯连续三天不亮，夜间行人和车辆通行不便，希望尽快派人维修。',
  address: '机场路与学院路交叉口北侧',
  category: '路灯不亮',
  region: '路北区',
}

/** Fills the form in as an agent does: text by keyboard, choices by one press each. */
export async function fill(desk, values = ORDER) {
  const { page } = desk
  const input = (name) => page.locator(`input[data-test="${name}"], textarea[data-test="${name}"], [data-test="${name}"] input, [data-test="${name}"] textarea`).first()
  await input('name').fill(values.name)
  await page.keyboard.press('Control+Shift+Digit2')
  await choose(desk, 'category', values.category)
  await input('content').fill(values.content)
  await part(desk, 'urgency').locator('label').first().click()
  await choose(desk, 'region', values.region)
  await input('address').fill(values.address)
  await page.keyboard.press('Tab')
  await page.waitForFunction(() => /\d\d:\d\d:\d\d/.test(document.querySelector('[data-test="saved"]')?.textContent ?? ''))
  await accessible(desk, 'filled order')
  await picture(desk, '05-order')
}

/** Types a word into a cascader and takes the first hit. */
async function choose(desk, name, word) {
  const field = desk.page.locator(`[data-test="${name}"] input`).first()
  await field.click()
  await field.fill(word)
  const hit = desk.page.locator('.el-cascader__suggestion-item:visible').filter({ hasText: word }).first()
  await hit.click()
  await hit.waitFor({ state: 'hidden' })
}

/** Submits; gives the order's number as confirmed. */
export async function submit(desk) {
  await part(desk, 'submit').click()
  await part(desk, 'submitted').waitFor()
  await accessible(desk, 'submitted order')
  await picture(desk, '06-submitted')
  return (await part(desk, 'submitted').locator('b.num').first().innerText()).trim()
}

/** Waits until the call stands in today's list with its order, and ends the wrap-up. */
export async function inList(desk, number) {
  await part(desk, 'finish').waitFor()
  await picture(desk, '07-wrapup')
  // The button comes when the call is over and its record is written.
  const row = part(desk, 'call-row').filter({ hasText: number }).first()
  await row.locator('[data-test="play"]').waitFor()
  const text = await row.innerText()
  if (/1\d{10}/.test(text)) throw new Error(`unmasked number in the list: ${text}`)
  if (await part(desk, 'finish').isVisible()) await part(desk, 'finish').click()
  await part(desk, 'finish').waitFor({ state: 'hidden' })
  return text.split(/\s+/).join(' ')
}

/** Plays the recording of the order's call; gives the position reached, seconds. */
export async function play(desk, number) {
  await part(desk, 'call-row').filter({ hasText: number }).first().locator('[data-test="play"]').click()
  await part(desk, 'player').waitFor()
  await desk.page.waitForFunction(() => {
    const audio = document.querySelector('[data-test="player"] audio')
    return audio instanceof HTMLAudioElement && audio.currentTime > 0.5
  })
  await accessible(desk, 'recording')
  await picture(desk, '08-recording')
  return desk.page.evaluate(() => document.querySelector('[data-test="player"] audio').currentTime)
}

/** Throws if the page has complained at any time. */
export function quiet(desk) {
  if (desk.complaints.length > 0) throw new Error(`the page complained: ${desk.complaints.join(' | ')}`)
}

/** Ends the agent's work and the session. */
export async function signOut(desk) {
  await part(desk, 'leave-desk').click()
  await part(desk, 'desk-sign-in').waitFor()
}

async function main() {
  const { BASE_URL, AGENT_USER, AGENT_PASSWORD, SCREENS, STEP_MS, CHROMIUM } = process.env
  if (!BASE_URL || !AGENT_USER || !AGENT_PASSWORD) throw new Error('BASE_URL, AGENT_USER and AGENT_PASSWORD must be set')
  const say = (step, more = {}) => process.stdout.write(`${JSON.stringify({ step, ...more })}\n`)
  let at = 'open'
  const desk = await open({
    baseUrl: BASE_URL,
    screens: SCREENS,
    stepMs: STEP_MS ? Number(STEP_MS) : undefined,
    executablePath: CHROMIUM,
  })
  const step = async (name, run) => {
    at = name
    say(name, await run())
  }
  try {
    let number = ''
    await step('signed_in', () => signIn(desk, { user: AGENT_USER, password: AGENT_PASSWORD }))
    await step('at_desk', () => takeSeat(desk))
    await step('ready', () => ready(desk))
    await step('ringing', async () => ({ caller: await ringing(desk) }))
    await step('order', async () => ({ number: (number = await order(desk)) }))
    await step('filled', () => fill(desk))
    await step('submitted', async () => ({ number: await submit(desk) }))
    await step('in_list', async () => ({ row: await inList(desk, number) }))
    await step('played', async () => ({ seconds: await play(desk, number) }))
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

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await main()
