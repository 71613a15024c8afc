declare module 'virtual:texts' {
  const table: Record<string, unknown>
  export default table
}
