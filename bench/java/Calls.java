// SPDX-License-Identifier: MIT

import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import org.asteriskjava.fastagi.AgiChannel;
import org.asteriskjava.fastagi.AgiException;
import org.asteriskjava.fastagi.AgiRequest;
import org.asteriskjava.fastagi.AgiScript;
import org.asteriskjava.fastagi.BaseAgiScript;
import org.asteriskjava.fastagi.DefaultAgiServer;
import org.asteriskjava.fastagi.command.NoopCommand;

/**
 * A FastAGI server with asterisk-java, a thread for a call: "Calls THREADS". It prints the port it
 * listens on and ends when its standard input does.
 */
public final class Calls {
    private static final String VALUE = "opening hours, all days";

    /** The twenty commands of a call. */
    private static final class Script extends BaseAgiScript {
        @Override
        public void service(AgiRequest request, AgiChannel channel) throws AgiException {
            for (int i = 1; i <= 5; i++) {
                String name = "BENCH_" + i;
                channel.sendCommand(new NoopCommand());
                verbose("step " + i + " of 5", 3);
                setVariable(name, VALUE);
                if (!VALUE.equals(getVariable(name))) {
                    return;
                }
            }
        }
    }

    private Calls() {}

    public static void main(String[] arguments) throws Exception {
        InetAddress loopback = InetAddress.getByName("127.0.0.1");
        // The server does not tell its port, so one that is free is looked for first.
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, loopback)) {
            port = free.getLocalPort();
        }
        AgiScript script = new Script();
        DefaultAgiServer server = new DefaultAgiServer(script);
        int threads = Integer.parseInt(arguments[0]);
        server.setAddress(loopback);
        server.setPort(port);
        server.setMaximumPoolSize(threads);
        server.setPoolSize(threads);
        Thread thread = new Thread(() -> {
            try {
                server.startup();
            } catch (Exception error) {
                error.printStackTrace();
                System.exit(1);
            }
        });
        thread.setDaemon(true);
        thread.start();
        for (boolean up = false; !up; ) {
            try (Socket probe = new Socket(loopback, port)) {
                up = true;
            } catch (java.net.ConnectException early) {
                Thread.sleep(20);
            }
        }
        System.out.println(port);
        while (System.in.read() >= 0) {}
        System.exit(0);
    }
}
