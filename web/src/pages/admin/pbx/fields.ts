import { inject, type InjectionKey } from 'vue'

/** What the server said of a field of the draft, by its path: `extensions.3.devices`. */
export const wrongField: InjectionKey<(field: string) => string> = Symbol('wrong field')

export const useWrong = () => inject(wrongField, () => '')
