namespace Puna.Cli.Terminal;

/// <summary>Sizes as people read them.</summary>
internal static class Sizes
{
    private static readonly string[] s_units = ["bytes", "KiB", "MiB", "GiB", "TiB"];

    /// <summary>Bytes with a binary unit and at most one decimal.</summary>
    public static string Bytes(long bytes)
    {
        double value = bytes;
        var unit = 0;
        while (value >= 1024 && unit < s_units.Length - 1)
        {
            value /= 1024;
            unit++;
        }

        return unit == 0 ? $"{bytes} bytes" : $"{value:F1} {s_units[unit]}";
    }
}
