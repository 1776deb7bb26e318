// SPDX-License-Identifier: MIT

// Measuring goami2:
//
//	program parse FILE ROUNDS     bytes to messages, framed by a reader as in its client
//	program cut FILE ROUNDS       its Parse alone, on messages that were cut out beforehand
//	program events PORT COUNT     its client, receiving events from its channel
package main

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/staskobzar/goami2"
)

// Seconds of processor time of all threads, in user and kernel.
func cpu() float64 {
	var usage syscall.Rusage
	must(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e9
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type span struct {
	wall time.Time
	cpu  float64
}

func begin() span {
	return span{time.Now(), cpu()}
}

func (s span) end(count, failed, size int) {
	fmt.Printf("{\"count\": %d, \"wall\": %.6f, \"cpu\": %.6f, \"size\": %d, \"failed\": %d}\n",
		count, time.Since(s.wall).Seconds(), cpu()-s.cpu, size, failed)
}

// A round takes the traffic so many times: once is too short to time.
const repeat = 10

func tally(text string, messages, failed *int) {
	if _, err := goami2.Parse(text); err != nil {
		*failed++
	} else {
		*messages++
	}
}

func parse(traffic []byte) {
	messages, failed := 0, 0
	s := begin()
	for i := 0; i < repeat; i++ {
		reader := bufio.NewReader(bytes.NewReader(traffic))
		var text strings.Builder
		for {
			line, err := reader.ReadString('\n')
			if err != nil {
				break
			}
			text.WriteString(line)
			if line == "\r\n" {
				tally(text.String(), &messages, &failed)
				text.Reset()
			}
		}
	}
	s.end(messages, failed, repeat*len(traffic))
}

func cut(traffic []byte) {
	texts := strings.SplitAfter(string(traffic), "\r\n\r\n")
	texts = texts[:len(texts)-1]
	messages, failed := 0, 0
	s := begin()
	for i := 0; i < repeat; i++ {
		for _, text := range texts {
			tally(text, &messages, &failed)
		}
	}
	s.end(messages, failed, repeat*len(traffic))
}

func events(port string, count int) {
	conn, err := net.Dial("tcp", "127.0.0.1:"+port)
	must(err)
	client, err := goami2.NewClient(conn, "admin", "secret")
	must(err)
	flood := goami2.NewAction("Flood")
	flood.AddField("Count", strconv.Itoa(count))
	s := begin()
	client.Send(flood.Byte())
	seen := 0
	timeout := time.After(60 * time.Second)
	for {
		select {
		case message := <-client.AllMessages():
			switch message.Field("Event") {
			case "VarSet":
				if message.Field("Channel") != "" && message.Field("Value") != "" {
					seen++
				}
			case "FloodEnd":
				s.end(seen, count-seen, 0)
				return
			}
		case err := <-client.Err():
			must(err)
		case <-timeout:
			must(fmt.Errorf("only %d of %d events came", seen, count))
		}
	}
}

func main() {
	if len(os.Args) != 4 {
		must(fmt.Errorf("usage: program parse|cut|events FILE|PORT NUMBER"))
	}
	number, err := strconv.Atoi(os.Args[3])
	must(err)
	if os.Args[1] == "events" {
		events(os.Args[2], number)
		return
	}
	traffic, err := os.ReadFile(os.Args[2])
	must(err)
	for ; number > 0; number-- {
		if os.Args[1] == "cut" {
			cut(traffic)
		} else {
			parse(traffic)
		}
	}
}
