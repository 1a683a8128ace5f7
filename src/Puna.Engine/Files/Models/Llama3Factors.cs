using Puna.Engine.Plan;

namespace Puna.Engine.Files.Models;

/// <summary>
/// Llama 3.1's rotary scaling as one divisor for each frequency, and back. With the wavelength w = 2 pi / f: f is kept
/// where w is below original / high, divided by the factor where w is above original / low, and between both blended
/// by s = (original / w - low) / (high - low): f * ((1 - s) / factor + s).
/// </summary>
internal static class Llama3Factors
{
    /// <summary>Relative: a file stores the divisors in f32.</summary>
    private const double Rounding = 1e-5;

    /// <summary>The divisors of head_dim / 2 frequencies.</summary>
    public static float[] Of(RopeConfig rope, int headDim)
    {
        var factors = new float[headDim / 2];
        for (var pair = 0; pair < factors.Length; pair++)
        {
            var wavelength = 2 * Math.PI * Math.Pow(rope.Theta, 2.0 * pair / headDim);
            factors[pair] = (float)Divisor(rope, wavelength);
        }

        return factors;
    }

    /// <summary>
    /// The rule that makes these divisors, when it is Llama 3's with its usual borders 1 and 4 and an original context
    /// that is a power of two; else null.
    /// </summary>
    public static RopeConfig? Recognise(RopeConfig rope, int headDim)
    {
        var given = rope.FrequencyFactors!;
        for (var context = 1 << 5; context <= 1 << 20; context <<= 1)
        {
            var candidate = new RopeConfig
            {
                Theta = rope.Theta,
                Scaling = RopeScalingKind.Llama3,
                Factor = given.Max(),
                LowFrequencyFactor = 1,
                HighFrequencyFactor = 4,
                OriginalContext = context,
            };
            var made = Of(candidate, headDim);
            if (
                !made.Where((factor, pair) => Math.Abs(factor - given[pair]) > Rounding * factor)
                    .Any()
            )
            {
                return candidate;
            }
        }

        return null;
    }

    private static double Divisor(RopeConfig rope, double wavelength)
    {
        if (wavelength < rope.OriginalContext / rope.HighFrequencyFactor)
        {
            return 1;
        }

        if (wavelength > rope.OriginalContext / rope.LowFrequencyFactor)
        {
            return rope.Factor;
        }

        var smooth =
            (rope.OriginalContext / wavelength - rope.LowFrequencyFactor)
            / (rope.HighFrequencyFactor - rope.LowFrequencyFactor);
        return 1 / ((1 - smooth) / rope.Factor + smooth);
    }
}
