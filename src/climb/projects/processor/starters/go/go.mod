module processor

go 1.22
