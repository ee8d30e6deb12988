import { ref } from 'vue'

/** Whether the presence menu is open: other parts of the frame open it too. */
export const presenceShown = ref(false)
