import { mount } from '@vue/test-utils'
import jsQR from 'jsqr'
import { describe, expect, it } from 'vitest'
import QrCode from './QrCode.vue'

const ADDRESS = `https://calls.example.com/display#key=ccd_${'x7-Q_'.repeat(9)}&theme=dark&lang=ru`
const PX = 3

/** What a camera reads of it, painted module by module as the browser would. */
function read(text: string): string | undefined {
  const svg = mount(QrCode, { props: { text, label: 'Hall' } })
  const side = Number(svg.attributes('viewBox')?.split(' ')[2]) * PX
  const pixels = new Uint8ClampedArray(side * side * 4).fill(255)
  for (const [, x, y] of (svg.get('path').attributes('d') ?? '').matchAll(/M(\d+) (\d+)/g)) {
    for (let at = 0; at < PX * PX; at++) {
      const [column, row] = [Number(x) * PX + (at % PX), Number(y) * PX + Math.floor(at / PX)]
      pixels.fill(0, (row * side + column) * 4, (row * side + column) * 4 + 3)
    }
  }
  return jsQR(pixels, side, side)?.data
}

describe('the code of an address', () => {
  it('says the address, whatever its length', () => {
    expect(read(ADDRESS)).toBe(ADDRESS)
    expect(read('http://10.0.0.5:8080/display#key=ccd_1')).toBe('http://10.0.0.5:8080/display#key=ccd_1')
  })

  it('has a name for who does not see it', () => {
    const svg = mount(QrCode, { props: { text: ADDRESS, label: 'Hall' } })
    expect([svg.attributes('role'), svg.attributes('aria-label')]).toEqual(['img', 'Hall'])
  })
})
