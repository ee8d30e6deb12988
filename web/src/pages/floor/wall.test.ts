import { expect, test } from 'vitest'
import { onWall } from './wall'

test('an address names the queues of a wall, or none and means all', () => {
  const lines = [{ pbx: 'main', queue: 'support' }, { pbx: 'main', queue: 'sales' }, { pbx: 'branch', queue: 'sales' }]
  const shown = (named: string | string[] | undefined) => lines.filter(onWall(named)).map((line) => `${line.pbx}/${line.queue}`)
  expect(shown(undefined)).toHaveLength(3)
  expect(shown('main/sales')).toEqual(['main/sales'])
  expect(shown(['main/sales', 'main/support'])).toEqual(['main/support', 'main/sales'])
})
