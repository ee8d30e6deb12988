import { useI18n } from 'vue-i18n'

/** Where something is kept, in words: a table, a column of one, or a kind of file. */
export function useStores() {
  const { t, te } = useI18n()
  return (name: string): string => {
    const table = name.split('.')[0] ?? name
    return te(`erasure.store.${table}`, 'en') ? t(`erasure.store.${table}`) : table
  }
}
