/** A queue on its PBX. `pbx` "" where there is but one, or where it does not matter. */
export interface Place {
  queue: string
  pbx: string
}
type Line = { queue: string; pbx?: string | null; label: string }

/** What can be chosen, each once, and what is asked for even where it is not among them. */
export function placesOf(lines: readonly Line[], several: boolean, asked: Place): (Place & { label: string })[] {
  const found = lines.map(({ queue, pbx, label }) => ({ queue, pbx: (several && pbx) || '', label: label || queue }))
  const known = new Map(found.map((one) => [`${one.pbx}/${one.queue}`, one]))
  const place = `${several ? asked.pbx : ''}/${asked.queue}`
  if (asked.queue && !known.has(place)) known.set(place, { queue: asked.queue, pbx: several ? asked.pbx : '', label: asked.queue })
  return [...known.values()]
}
