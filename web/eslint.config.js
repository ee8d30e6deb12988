import vue from 'eslint-plugin-vue'
import ts from 'typescript-eslint'
import parser from 'vue-eslint-parser'

/** Import direction: pages > ui > phone | live | entities > api. */
const no = (folders, message) => ({
  'no-restricted-imports': [
    'error',
    { patterns: [{ group: folders.map((f) => `@/${f}/**`), message }, { group: ['../*'], message: 'Use @/ paths.' }] },
  ],
})

export default ts.config(
  { ignores: ['node_modules', 'dist', 'src/api/generated'] },
  ...ts.configs.strict,
  ...vue.configs['flat/recommended'],
  { files: ['**/*.{ts,vue}'], languageOptions: { parser, parserOptions: { parser: ts.parser, sourceType: 'module' } } },
  {
    files: ['src/**/*.{ts,vue}'],
    rules: {
      'max-lines': ['error', { max: 250 }],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': 'error',
      'vue/multi-word-component-names': 'off',
      'vue/max-attributes-per-line': 'off',
      'vue/singleline-html-element-content-newline': 'off',
      'vue/html-self-closing': 'off',
      'vue/attributes-order': 'off',
      'vue/html-closing-bracket-newline': 'off',
      'vue/html-indent': 'off',
      'vue/multiline-html-element-content-newline': 'off',
      'vue/first-attribute-linebreak': 'off',
      'vue/require-default-prop': 'off',
      'vue/no-bare-strings-in-template': [
        'error',
        { allowlist: ['·', '/', '–', '—', '…', ':', '(', ')', ',', '+', '→', '?', '×', '#', '•'] },
      ],
    },
  },
  { files: ['src/api/**'], rules: no(['live', 'phone', 'entities', 'pages', 'ui'], 'api knows nobody.') },
  { files: ['src/entities/**', 'src/live/**', 'src/phone/**'], rules: no(['pages', 'ui'], 'No components below ui.') },
  { files: ['src/ui/**'], rules: no(['pages'], 'ui does not know pages.') },
  { files: ['src/pages/**'], rules: no(['pages'], 'A page may not import another page; its own parts are "./".') },
)
