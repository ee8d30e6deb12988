const OWN = 'a, button, input, select, textarea, label, summary, [role="button"]'

/** A click on a row of a table opens what the row is about, as its first link does; not on the row's own controls, nor
 * where words were being marked. */
export function openRow(event: MouseEvent): void {
  const at = event.target as HTMLElement
  if (event.defaultPrevented || at.closest(OWN) || document.getSelection()?.isCollapsed === false) return
  at.closest('.table tbody tr')?.querySelector<HTMLElement>('a[data-row], button[data-row]')?.dispatchEvent(
    new MouseEvent('click', { bubbles: true, cancelable: true, ctrlKey: event.ctrlKey, metaKey: event.metaKey, shiftKey: event.shiftKey }),
  )
}
