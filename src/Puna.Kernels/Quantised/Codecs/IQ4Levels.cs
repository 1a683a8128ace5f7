using System.Runtime.Intrinsics;

namespace Puna.Kernels.Quantised.Codecs;

/// <summary>The sixteen levels of <see cref="IQ4Table"/>.</summary>
internal readonly struct IQ4Levels : ICodeLevels
{
    /// <inheritdoc/>
    public float Lowest => IQ4Table.Values[0];

    /// <inheritdoc/>
    public Vector256<float> Nearest(Vector256<float> scaled)
    {
        // A step up at the middle between two levels.
        var table = IQ4Table.Values;
        var level = Vector256.Create((float)table[0]);
        for (var code = 1; code < table.Length; code++)
        {
            var middle = Vector256.Create((table[code - 1] + table[code]) * 0.5f);
            var step = Vector256.Create((float)(table[code] - table[code - 1]));
            level += Vector256.GreaterThan(scaled, middle) & step;
        }

        return level;
    }

    /// <inheritdoc/>
    public byte Code(float level) => (byte)IQ4Table.Values.IndexOf((sbyte)level);
}
