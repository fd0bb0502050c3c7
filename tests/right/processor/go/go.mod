module processor

go 1.23
