import { useInfiniteQuery } from '@tanstack/vue-query'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { http } from '@/api/client'
import type { BlockChange, BlockedAnswer, BlockedList, NewBlock } from '@/api/generated'

export type Block = BlockedAnswer
export const BLOCK_REASONS = ['spam', 'abuse', 'fraud', 'silent', 'other'] as const

/** The newest first; with a number only that one, in any spelling. */
export const useBlocked = (number: MaybeRefOrGetter<string>) =>
  useInfiniteQuery({
    queryKey: ['blocked', computed(() => toValue(number))],
    queryFn: ({ pageParam, signal }) => http.get<BlockedList>('/blocked-numbers', { number: toValue(number), cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last: BlockedList) => last.next_cursor,
  })
export const blockNumber = (block: NewBlock) => http.post<Block>('/blocked-numbers', block)
export const changeBlock = (block: Block, change: BlockChange) => http.patchTagged<Block>(`/blocked-numbers/${block.id}`, change, `"${block.version}"`).then((kept) => kept.data)
export const unblock = (id: string) => http.delete(`/blocked-numbers/${id}`)
