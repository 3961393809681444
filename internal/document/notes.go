package document

import (
	"fmt"
	"strconv"
	"strings"
)

func sentence(format string, args ...any) string { return fmt.Sprintf(format, args...) }

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

func were(n int) string {
	if n == 1 {
		return "was"
	}
	return "were"
}

// onPages says the same of several pages, numbered from 1 and in order: "Page 3
// holds ...", "Pages 1 to 4 and 9 hold ...".
func onPages(pages []int, one, many string) string {
	var runs []string
	for i := 0; i < len(pages); {
		j := i
		for j+1 < len(pages) && pages[j+1] == pages[j]+1 {
			j++
		}
		switch j - i {
		case 0:
			runs = append(runs, strconv.Itoa(pages[i]))
		case 1:
			runs = append(runs, strconv.Itoa(pages[i]), strconv.Itoa(pages[j]))
		default:
			runs = append(runs, fmt.Sprintf("%d to %d", pages[i], pages[j]))
		}
		i = j + 1
	}
	if len(pages) == 1 {
		return "Page " + runs[0] + " " + one
	}
	last := len(runs) - 1
	if last == 0 {
		return "Pages " + runs[0] + " " + many
	}
	return "Pages " + strings.Join(runs[:last], ", ") + " and " + runs[last] + " " + many
}
