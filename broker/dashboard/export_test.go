package dashboard

// Embedded has the files with their comments, in the folder page.
var Embedded = embedded
