// Command lookback runs a review of closed investigations.
package main

func main() {}
