using Puna.Kernels.Memory;
using Puna.Kernels.Randomness;

namespace Puna.Kernels.Cases;

/// <summary>Operands of kernel cases.</summary>
internal static class RandomFloats
{
    /// <summary>A buffer of numbers in [-1, 1), the same in every run.</summary>
    public static NativeBuffer<float> Buffer(long length)
    {
        var buffer = new NativeBuffer<float>(length, clear: false);
        var random = new PhiloxRandom((ulong)length);
        for (var index = 0L; index < length; index++)
        {
            buffer.Span[index] = (float)(2 * random.NextDouble() - 1);
        }

        return buffer;
    }
}
