// SPDX-License-Identifier: MIT

// A FastAGI server with zaf/agi, a goroutine for a call: `program`. It prints the port it listens
// on and ends when its standard input does.
package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"

	"github.com/zaf/agi"
)

const value = "opening hours, all days"

// The twenty commands of a call.
func handle(connection net.Conn) {
	defer connection.Close()
	session := agi.New()
	stream := bufio.NewReadWriter(bufio.NewReader(connection), bufio.NewWriter(connection))
	if session.Init(stream) != nil {
		return
	}
	for i := 1; i <= 5; i++ {
		name := "BENCH_" + strconv.Itoa(i)
		if _, err := session.Noop(); err != nil {
			return
		}
		if _, err := session.Verbose("step "+strconv.Itoa(i)+" of 5", 3); err != nil {
			return
		}
		if _, err := session.SetVariable(name, value); err != nil {
			return
		}
		if reply, err := session.GetVariable(name); err != nil || reply.Dat != value {
			return
		}
	}
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	go func() {
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	for {
		connection, err := listener.Accept()
		if err != nil {
			continue
		}
		go handle(connection)
	}
}
