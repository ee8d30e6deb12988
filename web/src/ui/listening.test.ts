import { describe, expect, it } from 'vitest'
import { Heard } from './heard'
import { pastSilence } from './peaks'

describe('what was heard', () => {
  it('is one stretch while the sound goes on', () => {
    const heard = new Heard()
    for (const at of [3, 3.2, 3.4, 9]) heard.at(at)
    expect(heard.take()).toEqual([[3, 9]])
    expect(heard.take()).toEqual([])
    heard.at(9.5)
    expect(heard.take()).toEqual([[9, 9.5]])
  })

  it('leaves out what was leapt over, forwards and back', () => {
    const heard = new Heard()
    for (const at of [0, 1]) heard.at(at)
    heard.cut()
    for (const at of [50, 51]) heard.at(at)
    for (const at of [10, 12]) heard.at(at)
    expect(heard.take()).toEqual([[0, 1], [50, 51], [10, 12]])
  })

  it('is told again when nobody took it', () => {
    const heard = new Heard()
    for (const at of [0, 1]) heard.at(at)
    heard.back(heard.take())
    expect(heard.take()).toEqual([[0, 1]])
  })
})

describe('silence', () => {
  const found = { bar_s: 0.5, peaks: [[90, 0, 2, 1, 0, 0, 0, 0], [0, 0, 0, 0, 0, 70, 0, 0]] }

  it('is left out up to a little before the next sound of anybody', () => {
    expect(pastSilence(found, 0.5)).toBeCloseTo(2.2)
  })

  it('stays where somebody speaks, and where it is short', () => {
    expect(pastSilence(found, 0)).toBe(0)
    expect(pastSilence(found, 1.5)).toBe(1.5)
    expect(pastSilence(found, 3)).toBe(3)
  })
})
