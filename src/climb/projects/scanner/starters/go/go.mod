module scanner

go 1.22
