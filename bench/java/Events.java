// SPDX-License-Identifier: MIT

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.asteriskjava.manager.DefaultManagerConnection;
import org.asteriskjava.manager.ManagerEventListener;
import org.asteriskjava.manager.action.AbstractManagerAction;
import org.asteriskjava.manager.event.ManagerEvent;
import org.asteriskjava.manager.event.VarSetEvent;

/**
 * Events to a listener, with asterisk-java: "Events PORT COUNT". A first flood, of a quarter of
 * the events, lets the machine compile what it runs; the second is timed.
 */
public final class Events {
    /** The action that the server answers with events. */
    public static final class FloodAction extends AbstractManagerAction {
        private static final long serialVersionUID = 1L;
        private final int count;

        FloodAction(int count) {
            this.count = count;
        }

        @Override
        public String getAction() {
            return "Flood";
        }

        public int getCount() {
            return count;
        }
    }

    private static final class Listener implements ManagerEventListener {
        private volatile CountDownLatch done;
        private int left;

        void expect(int count) {
            left = count;
            done = new CountDownLatch(1);
        }

        @Override
        public void onManagerEvent(ManagerEvent event) {
            if (event instanceof VarSetEvent) {
                VarSetEvent set = (VarSetEvent) event;
                if (set.getChannel() != null && set.getValue() != null && --left == 0) {
                    done.countDown();
                }
            }
        }
    }

    private Events() {}

    private static void flood(DefaultManagerConnection connection, Listener listener, int count)
            throws Exception {
        listener.expect(count);
        connection.sendAction(new FloodAction(count));
        if (!listener.done.await(60, TimeUnit.SECONDS)) {
            throw new IllegalStateException("only " + (count - listener.left) + " events came");
        }
    }

    private static double cpu() {
        return ((com.sun.management.OperatingSystemMXBean)
                                java.lang.management.ManagementFactory.getOperatingSystemMXBean())
                        .getProcessCpuTime()
                / 1e9;
    }

    public static void main(String[] arguments) throws Exception {
        int count = Integer.parseInt(arguments[1]);
        DefaultManagerConnection connection =
                new DefaultManagerConnection(
                        "127.0.0.1", Integer.parseInt(arguments[0]), "admin", "secret");
        Listener listener = new Listener();
        connection.addEventListener(listener);
        connection.login();
        flood(connection, listener, count / 4);
        double used = cpu();
        long begin = System.nanoTime();
        flood(connection, listener, count);
        double wall = (System.nanoTime() - begin) / 1e9;
        System.out.printf(
                java.util.Locale.ROOT,
                "{\"count\": %d, \"wall\": %.6f, \"cpu\": %.6f}%n",
                count,
                wall,
                cpu() - used);
        System.exit(0);
    }
}
