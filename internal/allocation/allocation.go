// Package allocation says who is to review which case, who is trained for it, how
// much everybody has to do, and when the work will be done.
package allocation
