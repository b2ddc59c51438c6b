// Package strictyaml reads YAML for files that people write by hand. It refuses what it does not know, and
// repairs nothing: an unknown field, a field that is given twice, a value of another type, an anchor, an
// alias, and a second document.
//
// Each error is one line that begins with the line and the column. Columns count characters. For a syntax
// error, the column is always 1, because the YAML parser does not tell it. No error shows a value.
package strictyaml
