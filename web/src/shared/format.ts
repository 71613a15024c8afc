// Times and numbers as people read them.
import { t } from './texts'

const two = (value: number): string => String(value).padStart(2, '0')

/** A running timer: `0:07`, `12:30`, `1:02:03`. */
export function timer(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  const hours = Math.floor(whole / 3600)
  const minutes = Math.floor((whole % 3600) / 60)
  const rest = two(whole % 60)
  return hours > 0 ? `${hours}:${two(minutes)}:${rest}` : `${minutes}:${rest}`
}

/** A length in words, from milliseconds. */
export function length(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return t('web.none')
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 60) return `${seconds}${t('unit.seconds')}`
  return `${Math.floor(seconds / 60)}${t('unit.minutes')}${two(seconds % 60)}${t('unit.seconds')}`
}

const clock = new Intl.DateTimeFormat('zh-CN', {
  timeZone: 'Asia/Shanghai',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hour12: false,
})

const day = new Intl.DateTimeFormat('zh-CN', {
  timeZone: 'Asia/Shanghai',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  hour12: false,
})

/** Time of day of an instant: `10:22:31`. */
export function timeOfDay(instant: string | number | null | undefined): string {
  return written(clock, instant)
}

/** Day and time of an instant: `11/24 10:22`. */
export function dayAndTime(instant: string | number | null | undefined): string {
  return written(day, instant)
}

function written(format: Intl.DateTimeFormat, instant: string | number | null | undefined): string {
  if (instant === null || instant === undefined) return t('web.none')
  const date = new Date(instant)
  return Number.isNaN(date.getTime()) ? t('web.none') : format.format(date)
}

/** A number in groups, easier to read back: `138 1234 5678`, `0315 234 5678`. */
export function grouped(number: string): string {
  const national = number.replace(/^\+86/, '')
  if (/^1\d{10}$/.test(national)) return national.replace(/^(\d{3})(\d{4})(\d{4})$/, '$1 $2 $3')
  return national
}
