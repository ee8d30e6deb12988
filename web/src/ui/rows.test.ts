import { beforeEach, expect, it, vi } from 'vitest'
import { openRow } from './rows'

const opened = vi.fn((event: Event) => event.preventDefault())

beforeEach(() => {
  opened.mockClear()
  document.body.innerHTML =
    '<main><table class="table"><tbody><tr><td><a href="#one" data-row>one</a></td><td id="plain">text</td><td><button id="own">call</button></td></tr></tbody></table><p id="outside">text</p></main>'
  document.querySelector('a')?.addEventListener('click', opened)
  document.querySelector('main')?.addEventListener('click', openRow)
})

const click = (id: string) => document.querySelector(id)?.dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true }))

it('opens a row wherever it is clicked', () => {
  click('#plain')
  expect(opened).toHaveBeenCalledTimes(1)
})

it('leaves the controls of a row their own clicks', () => {
  click('#own')
  click('#outside')
  click('a')
  expect(opened).toHaveBeenCalledTimes(1)
})
