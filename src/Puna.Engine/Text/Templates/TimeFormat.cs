using System.Globalization;
using System.Text;

namespace Puna.Engine.Text.Templates;

/// <summary>The codes of C's strftime in the C locale, with the GNU flags - (no padding), _ (blanks), 0 and ^ (upper case).</summary>
internal static class TimeFormat
{
    public static string Format(RenderContext context, string format)
    {
        var result = new StringBuilder();
        for (var at = 0; at < format.Length; at++)
        {
            if (format[at] != '%' || at + 1 >= format.Length)
            {
                result.Append(format[at]);
                continue;
            }

            var start = at++;
            var flag = '\0';
            while (at + 1 < format.Length && format[at] is '-' or '_' or '0' or '^')
            {
                flag = format[at++];
            }

            var text = Code(context.Now, format[at], flag);
            result.Append(text ?? format[start..(at + 1)]);
        }

        return context.Counted(result.ToString());
    }

    private static string? Code(DateTime now, char code, char flag)
    {
        var text = code switch
        {
            'a' => Named(now, "ddd"),
            'A' => Named(now, "dddd"),
            'b' or 'h' => Named(now, "MMM"),
            'B' => Named(now, "MMMM"),
            'c' => Named(now, "ddd MMM ")
                + Padded(now.Day, 2, ' ', '\0')
                + Named(now, " HH:mm:ss yyyy"),
            'C' => Padded(now.Year / 100, 2, '0', flag),
            'd' => Padded(now.Day, 2, '0', flag),
            'D' or 'x' => Named(now, "MM'/'dd'/'yy"),
            'e' => Padded(now.Day, 2, ' ', flag),
            'f' => Named(now, "ffffff"),
            'F' => Named(now, "yyyy-MM-dd"),
            'G' => ISOWeek.GetYear(now).ToString(CultureInfo.InvariantCulture),
            'H' => Padded(now.Hour, 2, '0', flag),
            'I' => Padded(((now.Hour + 11) % 12) + 1, 2, '0', flag),
            'j' => Padded(now.DayOfYear, 3, '0', flag),
            'k' => Padded(now.Hour, 2, ' ', flag),
            'l' => Padded(((now.Hour + 11) % 12) + 1, 2, ' ', flag),
            'm' => Padded(now.Month, 2, '0', flag),
            'M' => Padded(now.Minute, 2, '0', flag),
            'n' => "\n",
            'p' => now.Hour < 12 ? "AM" : "PM",
            'P' => now.Hour < 12 ? "am" : "pm",
            'r' => Padded(((now.Hour + 11) % 12) + 1, 2, '0', '\0')
                + Named(now, ":mm:ss ")
                + (now.Hour < 12 ? "AM" : "PM"),
            'R' => Named(now, "HH:mm"),
            's' => new DateTimeOffset(DateTime.SpecifyKind(now, DateTimeKind.Utc))
                .ToUnixTimeSeconds()
                .ToString(CultureInfo.InvariantCulture),
            'S' => Padded(now.Second, 2, '0', flag),
            't' => "\t",
            'T' or 'X' => Named(now, "HH:mm:ss"),
            'u' => (((int)now.DayOfWeek + 6) % 7 + 1).ToString(CultureInfo.InvariantCulture),
            'U' => Padded((now.DayOfYear + 6 - (int)now.DayOfWeek) / 7, 2, '0', flag),
            'V' => Padded(ISOWeek.GetWeekOfYear(now), 2, '0', flag),
            'w' => ((int)now.DayOfWeek).ToString(CultureInfo.InvariantCulture),
            'W' => Padded((now.DayOfYear + 6 - (((int)now.DayOfWeek + 6) % 7)) / 7, 2, '0', flag),
            'y' => Padded(now.Year % 100, 2, '0', flag),
            'Y' => now.Year.ToString(CultureInfo.InvariantCulture),
            // A time without a zone, as transformers' datetime.now() is.
            'z' or 'Z' => "",
            '%' => "%",
            _ => null,
        };
        return flag == '^' ? text?.ToUpperInvariant() : text;
    }

    private static string Named(DateTime now, string format) =>
        now.ToString(format, CultureInfo.InvariantCulture);

    private static string Padded(int value, int width, char padding, char flag) =>
        value
            .ToString(CultureInfo.InvariantCulture)
            .PadLeft(
                flag == '-' ? 0 : width,
                flag switch
                {
                    '_' => ' ',
                    '0' => '0',
                    _ => padding,
                }
            );
}
