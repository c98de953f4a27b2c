import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** JDBC: what DBeaver, Metabase, Tableau and the like go through. Results as text, and in binary from the first execution on. */
public class WithJdbc {
    static String want;

    static String field(String name) {
        Matcher found = Pattern.compile('"' + name + "\": (\"([^\"]*)\"|[0-9.]+)").matcher(want);
        if (!found.find()) throw new IllegalStateException(name);
        return found.group(2) != null ? found.group(2) : found.group(1);
    }

    static void check(String what, Object got, Object wanted) {
        if (!got.equals(wanted)) throw new IllegalStateException(what + ": expected " + wanted + ", got " + got);
    }

    /** The columns of the only row, as they stand in the JSON document. */
    static String row(Connection connection, String query, Object... values) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(query)) {
            for (int place = 0; place < values.length; place++) statement.setObject(place + 1, values[place]);
            try (ResultSet rows = statement.executeQuery()) {
                rows.next();
                List<String> columns = new ArrayList<>();
                for (int column = 1; column <= rows.getMetaData().getColumnCount(); column++) {
                    Object value = rows.getObject(column);
                    columns.add(value instanceof BigDecimal ? "\"" + value + "\"" : value.toString());
                }
                return "[" + String.join(", ", columns) + "]";
            }
        }
    }

    static void checkField(String name, String got) {
        check(name + " " + got, want.contains("\"" + name + "\": " + got), true);
    }

    public static void main(String[] arguments) throws Exception {
        want = Files.readString(Path.of(System.getenv("EXPECTED")));
        for (int threshold : new int[] {5, -1}) ask(threshold);
    }

    static void ask(int threshold) throws Exception {
        String url = "jdbc:postgresql://" + System.getenv("PGHOST") + ":" + System.getenv("PGPORT") + "/" + System.getenv("PGDATABASE");
        Properties properties = new Properties();
        properties.setProperty("user", System.getenv("PGUSER"));
        properties.setProperty("password", System.getenv("PGPASSWORD"));
        properties.setProperty("prepareThreshold", Integer.toString(threshold));
        try (Connection connection = DriverManager.getConnection(url, properties)) {
            List<String> cohorts = new ArrayList<>();
            try (PreparedStatement statement = connection.prepareStatement(
                     "SELECT cohort, members, retained, rate FROM loyalty.cohorts WHERE period_number = 1 AND complete ORDER BY cohort");
                 ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    cohorts.add("[\"" + rows.getObject("cohort", LocalDate.class) + "\", " + rows.getLong("members") + ", " + rows.getLong("retained") + "]");
                    check("a rate", rows.getDouble("rate"), (double) rows.getLong("retained") / rows.getLong("members"));
                }
            }
            check("cohorts", true, want.contains("\"cohorts\": [" + String.join(", ", cohorts) + "]"));

            try (PreparedStatement statement = connection.prepareStatement("SELECT member, amount, events, last_day FROM loyalty.members ORDER BY amount DESC LIMIT 1");
                 ResultSet rows = statement.executeQuery()) {
                rows.next();
                check("the best member", rows.getLong(1), Long.valueOf(field("best_member")));
                check("an amount", rows.getBigDecimal(2), new BigDecimal(field("best_amount")));
                check("a day", rows.getObject(4, LocalDate.class).toString(), field("best_day"));
            }

            // setObject with a LocalDate is sent with its type; setDate and setTimestamp leave it open: ::date says which.
            String question = "SELECT sum(c.retained)::bigint FROM retention.cohorts((SELECT retention.history_agg(member_id, ordered_at, amount, 'day', 'UTC') FROM orders"
                + " WHERE country = ?), period => ?, as_of => ?::date) AS c WHERE c.period_number > 0";
            try (PreparedStatement statement = connection.prepareStatement(question)) {
                statement.setString(1, "Germany");
                statement.setString(2, "month");
                for (Object day : new Object[] {LocalDate.of(2011, 9, 30), java.sql.Date.valueOf("2011-09-30"), java.sql.Timestamp.valueOf("2011-09-30 12:00:00"), "2011-09-30"}) {
                    statement.setObject(3, day);
                    try (ResultSet rows = statement.executeQuery()) {
                        rows.next();
                        check("a function, as_of as " + day.getClass(), rows.getLong(1), Long.valueOf(field("german_months")));
                    }
                }
                statement.setNull(3, Types.DATE);
                statement.executeQuery().close();
            }

            LocalDate asOf = LocalDate.of(2011, 9, 30);
            checkField("german_churn", row(connection, "SELECT c.retained, c.churned FROM stored, retention.churn(h, period => ?, gap => ?, as_of => ?::date) AS c"
                + " WHERE country = ? ORDER BY c.period_start DESC LIMIT 1", "month", 1, asOf, "Germany"));
            checkField("german_curve", row(connection, "SELECT r.eligible, r.retained FROM stored, retention.retention_curve(h, period => ?, as_of => ?::date, confidence => ?) AS r"
                + " WHERE country = ? AND r.period_number = 1", "month", asOf, 0.9, "Germany"));
            checkField("german_rfm", row(connection, "SELECT count(*), sum(f.frequency)::bigint, sum(f.monetary) FROM stored, retention.rfm(h, as_of => ?::date, bins => ?) AS f"
                + " WHERE country = ?", asOf, 5, "Germany"));

            try (PreparedStatement statement = connection.prepareStatement(
                     "SELECT DISTINCT period_number FROM stored, retention.cohorts(h, period => 'day', brackets => ?) WHERE country = 'Norway'")) {
                statement.setArray(1, connection.createArrayOf("int4", new Integer[] {1, 3, 7}));
                List<Integer> brackets = new ArrayList<>();
                try (ResultSet rows = statement.executeQuery()) {
                    while (rows.next()) brackets.add(rows.getInt(1));
                }
                Collections.sort(brackets);
                check("an array", brackets, List.of(1, 3));
            }

            // A history is a PGobject; as text it goes there and back.
            try (PreparedStatement statement = connection.prepareStatement("SELECT h::text FROM stored WHERE country = 'Germany'");
                 ResultSet rows = statement.executeQuery();
                 PreparedStatement back = connection.prepareStatement("SELECT retention.events(?::retention.history)")) {
                rows.next();
                back.setString(1, rows.getString(1));
                try (ResultSet events = back.executeQuery()) {
                    events.next();
                    check("a history", events.getLong(1), Long.valueOf(field("german_events")));
                }
            }
            try (ResultSet rows = connection.createStatement().executeQuery("SELECT retention.cohort_svg(h) FROM stored WHERE country = 'Germany'")) {
                rows.next();
                check("a picture", rows.getString(1).startsWith("<svg "), true);
            }
            try {
                connection.createStatement().executeQuery("SELECT count(*) FROM stored, retention.cohorts(h, period => 'fortnight')");
                throw new IllegalStateException("no error");
            } catch (SQLException error) {
                check("an error", error.getSQLState(), "22023");
                check("its hint", error.getMessage().contains("Hint: Valid values"), true);
            }
        }
    }
}
