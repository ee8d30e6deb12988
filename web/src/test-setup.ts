// Quasar asks for the orientation at start; no test DOM has one.
Object.defineProperty(window.screen, 'orientation', {
  configurable: true,
  value: { type: 'landscape-primary', angle: 0, addEventListener() {}, removeEventListener() {} },
})
