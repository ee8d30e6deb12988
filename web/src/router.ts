import { createRouter, createWebHistory, type RouteRecordRaw } from 'vue-router'
import type { Role } from './api/types'
import { loadMe } from './entities/session'
import { useBoard } from './live/board'

declare module 'vue-router' {
  interface RouteMeta {
    /** Translation key of the title. */
    title: string
    /** In which place of the rail it is, where it is not one itself. */
    place?: string
    open?: boolean
    /** Shown without the frame: for a screen that nobody sits at. */
    bare?: boolean
    roles?: Role[]
  }
}

const SUPERVISORS: Role[] = ['supervisor', 'admin']
const ADMINS: Role[] = ['admin']

const routes: RouteRecordRaw[] = [
  { path: '/sign-in', name: 'sign-in', component: () => import('./pages/sign-in/SignInPage.vue'), meta: { title: 'sign_in.title', open: true } },
  { path: '/', name: 'desk', component: () => import('./pages/desk/DeskPage.vue'), meta: { title: 'nav.desk' } },
  { path: '/customers', name: 'customers', component: () => import('./pages/customers/CustomersPage.vue'), meta: { title: 'nav.customers' } },
  { path: '/customers/import', name: 'imports', component: () => import('./pages/customers/import/ImportsPage.vue'), meta: { title: 'imports.title', place: 'customers', roles: SUPERVISORS } },
  { path: '/customers/import/:id', name: 'import', props: true, component: () => import('./pages/customers/import/ImportPage.vue'), meta: { title: 'imports.title', place: 'customers', roles: SUPERVISORS } },
  { path: '/customers/:id', name: 'customer', props: true, component: () => import('./pages/customers/CustomerPage.vue'), meta: { title: 'nav.customers', place: 'customers' } },
  { path: '/calls', name: 'calls', component: () => import('./pages/calls/CallsPage.vue'), meta: { title: 'nav.calls' } },
  { path: '/calls/words', name: 'words', component: () => import('./pages/calls/WordsPage.vue'), meta: { title: 'words.title', place: 'calls' } },
  { path: '/calls/:id', name: 'call', props: true, component: () => import('./pages/calls/CallPage.vue'), meta: { title: 'nav.calls', place: 'calls' } },
  { path: '/recordings', name: 'recordings', component: () => import('./pages/recordings/RecordingsPage.vue'), meta: { title: 'recordings.title', place: 'calls' } },
  { path: '/recordings/missing', name: 'missing', component: () => import('./pages/recordings/MissingPage.vue'), meta: { title: 'tally.title', place: 'calls', roles: SUPERVISORS } },
  { path: '/recordings/:id', name: 'recording', props: (to) => ({ id: to.params.id, start: Number.parseFloat(String(to.query.at)) >= 0 ? Number.parseFloat(String(to.query.at)) : undefined, score: typeof to.query.score === 'string' ? to.query.score : undefined }), component: () => import('./pages/recordings/RecordingPage.vue'), meta: { title: 'recording.title', place: 'calls' } },
  { path: '/quality', name: 'scores', component: () => import('./pages/scores/ScoresPage.vue'), meta: { title: 'nav.scores' } },
  { path: '/quality/listen', name: 'listen', component: () => import('./pages/scores/ListenPage.vue'), meta: { title: 'scores.listen.title', place: 'scores', roles: SUPERVISORS } },
  { path: '/quality/review', name: 'review', component: () => import('./pages/scores/ReviewPage.vue'), meta: { title: 'review.title', place: 'scores', roles: SUPERVISORS } },
  { path: '/quality/:id', name: 'score', props: true, component: () => import('./pages/scores/ScorePage.vue'), meta: { title: 'nav.scores', place: 'scores' } },
  { path: '/tasks/:view(day|missed|overdue|later|closed)?', name: 'tasks', props: (to) => ({ view: to.params.view || 'day' }), component: () => import('./pages/tasks/TasksPage.vue'), meta: { title: 'nav.tasks' } },
  { path: '/floor', name: 'floor', component: () => import('./pages/floor/FloorPage.vue'), meta: { title: 'nav.floor', roles: SUPERVISORS } },
  { path: '/reports/:report(queues|agents|outcomes|callbacks|groups|scores|goals)?', name: 'reports', props: (to) => ({ report: to.params.report || 'queues' }), component: () => import('./pages/reports/ReportsPage.vue'), meta: { title: 'nav.reports', roles: SUPERVISORS } },
  { path: '/wall', name: 'wall', component: () => import('./pages/floor/WallPage.vue'), meta: { title: 'nav.wall', bare: true, roles: SUPERVISORS } },
  { path: '/display', name: 'display', component: () => import('./pages/floor/DisplayPage.vue'), meta: { title: 'nav.wall', open: true } },
  { path: '/floor/displays', name: 'displays', component: () => import('./pages/floor/DisplaysPage.vue'), meta: { title: 'displays.title', place: 'floor', roles: SUPERVISORS } },
  { path: '/floor/alarms', name: 'alarm_log', component: () => import('./pages/floor/AlarmLogPage.vue'), meta: { title: 'nav.alarm_log', place: 'floor', roles: SUPERVISORS } },
  { path: '/floor/staff', name: 'staff', component: () => import('./pages/floor/StaffPage.vue'), meta: { title: 'nav.staff', place: 'floor', roles: SUPERVISORS } },
  { path: '/admin/status', name: 'status', component: () => import('./pages/admin/status/StatusPage.vue'), meta: { title: 'nav.status', roles: SUPERVISORS } },
  { path: '/admin/doctor', name: 'doctor', component: () => import('./pages/admin/doctor/DoctorPage.vue'), meta: { title: 'nav.doctor', roles: ADMINS } },
  { path: '/admin/targets', name: 'report_rules', component: () => import('./pages/admin/ReportRulesPage.vue'), meta: { title: 'nav.report_rules', place: 'status', roles: SUPERVISORS } },
  { path: '/admin/review', name: 'review_rules', component: () => import('./pages/admin/ReviewRulesPage.vue'), meta: { title: 'nav.review_rules', roles: ADMINS } },
  { path: '/admin/alarms', name: 'alarms', component: () => import('./pages/admin/AlarmsPage.vue'), meta: { title: 'nav.alarms', roles: ADMINS } },
  { path: '/admin/pauses', name: 'pauses', component: () => import('./pages/admin/PausesPage.vue'), meta: { title: 'nav.pauses', roles: ADMINS } },
  { path: '/admin/callbacks', name: 'callbacks', component: () => import('./pages/admin/CallbacksPage.vue'), meta: { title: 'nav.callbacks', roles: ADMINS } },
  { path: '/admin/routing', name: 'routing', component: () => import('./pages/admin/routing/RoutingPage.vue'), meta: { title: 'nav.routing', roles: ADMINS } },
  { path: '/admin/hours', name: 'hours', component: () => import('./pages/admin/hours/HoursPage.vue'), meta: { title: 'nav.hours', roles: ADMINS } },
  { path: '/admin/blocked', name: 'blocked', props: (to) => ({ number: typeof to.query.number === 'string' ? to.query.number : undefined }), component: () => import('./pages/admin/blocked/BlockedPage.vue'), meta: { title: 'nav.blocked', place: 'status', roles: SUPERVISORS } },
  { path: '/admin/outcome-rules', name: 'outcome_rules', component: () => import('./pages/admin/OutcomeRulesPage.vue'), meta: { title: 'nav.outcome_rules', roles: ADMINS } },
  { path: '/admin/users', name: 'users', component: () => import('./pages/admin/UsersPage.vue'), meta: { title: 'nav.users', roles: ADMINS } },
  { path: '/admin/teams', name: 'teams', component: () => import('./pages/admin/TeamsPage.vue'), meta: { title: 'nav.teams', roles: ADMINS } },
  { path: '/admin/statuses', name: 'statuses', component: () => import('./pages/admin/StatusesPage.vue'), meta: { title: 'nav.statuses', roles: ADMINS } },
  { path: '/admin/fields', name: 'fields', component: () => import('./pages/admin/FieldsPage.vue'), meta: { title: 'nav.fields', roles: ADMINS } },
  { path: '/admin/outcomes', name: 'outcomes', component: () => import('./pages/admin/OutcomesPage.vue'), meta: { title: 'nav.outcomes', roles: ADMINS } },
  { path: '/admin/templates', name: 'templates', component: () => import('./pages/admin/TemplatesPage.vue'), meta: { title: 'nav.templates', roles: ADMINS } },
  { path: '/admin/scorecards', name: 'scorecards', component: () => import('./pages/admin/scorecards/ScorecardsPage.vue'), meta: { title: 'nav.scorecards', roles: ADMINS } },
  { path: '/admin/scorecards/:id', name: 'scorecard', props: true, component: () => import('./pages/admin/scorecards/ScorecardPage.vue'), meta: { title: 'nav.scorecards', roles: ADMINS } },
  { path: '/admin/pbx', name: 'pbx', component: () => import('./pages/admin/PbxPage.vue'), meta: { title: 'nav.pbx', roles: ADMINS } },
  { path: '/admin/privacy/:part(recording|keeping|hiding|staff|requests)?', name: 'privacy', props: (to) => ({ part: to.params.part || 'recording' }), component: () => import('./pages/admin/privacy/PrivacyPage.vue'), meta: { title: 'nav.privacy', roles: ADMINS } },
  { path: '/admin/audit', name: 'audit', component: () => import('./pages/admin/AuditPage.vue'), meta: { title: 'nav.audit', roles: ADMINS } },
  { path: '/:rest(.*)*', redirect: { name: 'desk' } },
]

/** Whatever stands under /admin is shown beside the list of these pages. */
function framed(all: RouteRecordRaw[]): RouteRecordRaw[] {
  const administration = all.filter((route) => route.path.startsWith('/admin/'))
  const frame: RouteRecordRaw = {
    path: '/admin', name: 'admin', redirect: { name: 'status' }, children: administration, component: () => import('./pages/admin/AdminFrame.vue'),
    meta: { title: 'nav.admin' },
  }
  return [frame, ...all.filter((route) => !administration.includes(route))]
}

export const router = createRouter({ history: createWebHistory(), routes: framed(routes) })

// The first call must not wait for the desk to be loaded.
void router.isReady().then(() => import('./pages/desk/DeskPage.vue'))

/** While an outcome is owed every way leads to the desk: by link, by address, by the back button. So does one that is not this person's. */
router.beforeEach(async (to) => {
  if (to.meta.open) return true
  const { begin, debts } = useBoard()
  const me = await loadMe().catch(() => undefined)
  if (!me || me.notice_due) return { name: 'sign-in', query: to.fullPath === '/' ? {} : { next: to.fullPath } }
  await begin().catch(() => undefined)
  if (debts.value.length && to.name !== 'desk') return { name: 'desk', query: { closed: '1' } }
  if (to.meta.roles && !to.meta.roles.includes(me.role)) return { name: 'desk', query: { refused: String(to.name) } }
  return true
})
