using System.Text;

namespace Puna.Engine.Text.Normalization;

/// <summary>
/// Unicode Normalization Form C (UAX 15). <see cref="string.Normalize()"/> cannot be used: with invariant
/// globalisation it returns its input.
/// </summary>
internal static class CanonicalComposition
{
    private const int HangulBase = 0xAC00;
    private const int LeadBase = 0x1100;
    private const int VowelBase = 0x1161;
    private const int TrailBase = 0x11A7;
    private const int Leads = 19;
    private const int Vowels = 21;
    private const int Trails = 28;

    /// <summary>The text in form C. It must be well-formed UTF-16.</summary>
    public static string Normalize(string text)
    {
        // Nothing below U+0300 changes or joins, unless a mark from there on follows.
        if (!text.AsSpan().ContainsAnyExceptInRange('\0', '\u02FF'))
        {
            return text;
        }

        var points = Decompose(text);
        Order(points);
        Compose(points);
        var builder = new StringBuilder(points.Count);
        Span<char> units = stackalloc char[2];
        foreach (var point in points)
        {
            builder.Append(units[..new Rune(point.Value).EncodeToUtf16(units)]);
        }

        return builder.ToString();
    }

    private static List<Point> Decompose(string text)
    {
        var points = new List<Point>(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            var value = rune.Value;
            if (value is >= HangulBase and < HangulBase + (Leads * Vowels * Trails))
            {
                var index = value - HangulBase;
                points.Add(new(LeadBase + (index / (Vowels * Trails)), 0));
                points.Add(new(VowelBase + (index / Trails % Vowels), 0));
                if (index % Trails != 0)
                {
                    points.Add(new(TrailBase + (index % Trails), 0));
                }
            }
            else if (value >= 0xC0 && UnicodeData.Decompositions.TryGetValue(value, out var parts))
            {
                foreach (var part in parts)
                {
                    points.Add(new(part, Class(part)));
                }
            }
            else
            {
                points.Add(new(value, Class(value)));
            }
        }

        return points;
    }

    private static byte Class(int value) =>
        value < 0x300 ? (byte)0 : UnicodeData.Classes.GetValueOrDefault(value);

    /// <summary>Sorts each run of marks by class, keeping the order of equals.</summary>
    private static void Order(List<Point> points)
    {
        for (var start = 0; start < points.Count; start++)
        {
            var end = start;
            var sorted = true;
            while (end < points.Count && points[end].Class != 0)
            {
                sorted &= end == start || points[end - 1].Class <= points[end].Class;
                end++;
            }

            if (!sorted)
            {
                var run = points[start..end].OrderBy(point => point.Class).ToArray();
                for (var i = 0; i < run.Length; i++)
                {
                    points[start + i] = run[i];
                }
            }

            start = end;
        }
    }

    private static void Compose(List<Point> points)
    {
        var starter = -1;
        var lastClass = -1;
        var kept = 0;
        foreach (var point in points.ToArray())
        {
            // A mark is blocked when a kept one between it and the starter has the same class or a higher one.
            if (
                starter >= 0
                && lastClass < point.Class
                && TryPair(points[starter].Value, point.Value, out var whole)
            )
            {
                points[starter] = new(whole, 0);
                continue;
            }

            if (point.Class == 0)
            {
                starter = kept;
                lastClass = -1;
            }
            else
            {
                lastClass = point.Class;
            }

            points[kept++] = point;
        }

        points.RemoveRange(kept, points.Count - kept);
    }

    private static bool TryPair(int first, int second, out int whole)
    {
        if (
            first is >= LeadBase and < LeadBase + Leads
            && second is >= VowelBase and < VowelBase + Vowels
        )
        {
            whole = HangulBase + ((((first - LeadBase) * Vowels) + (second - VowelBase)) * Trails);
            return true;
        }

        if (
            first is >= HangulBase and < HangulBase + (Leads * Vowels * Trails)
            && (first - HangulBase) % Trails == 0
            && second is > TrailBase and < TrailBase + Trails
        )
        {
            whole = first + (second - TrailBase);
            return true;
        }

        return UnicodeData.Compositions.TryGetValue(((long)first << 32) | (uint)second, out whole);
    }

    private readonly record struct Point(int Value, byte Class);
}
