import { useQuery } from '@tanstack/vue-query'
import { http } from '@/api/client'
import type { MessageMade, MyMessage, NewMessage, SentMessage } from '@/api/generated'

const items = <T>(path: string) => http.get<{ items: T[] }>(path).then((all) => all.items)

/** What a supervisor wrote to one and one has not read. */
export const useMyMessages = () => useQuery({ queryKey: ['messages', 'mine'], queryFn: () => items<MyMessage>('/me/messages') })
export const markRead = (id: string) => http.put(`/me/messages/${id}`, undefined)

export const useSentMessages = () => useQuery({ queryKey: ['messages', 'sent'], queryFn: () => items<SentMessage>('/messages') })
export const sendMessage = (message: NewMessage) => http.post<MessageMade>('/messages', message)
