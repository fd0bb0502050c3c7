module scanner

go 1.23
