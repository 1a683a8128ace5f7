using Puna.Kernels.Lanes;

namespace Puna.Kernels.Elementwise;

/// <summary>Where the greatest element is.</summary>
public static unsafe class ArgMax
{
    /// <summary>
    /// Index of the greatest element; the lowest of them when several are equal. NaN never wins; -1 when there is
    /// nothing but NaN.
    /// </summary>
    public static int Of(ReadOnlySpan<float> x)
    {
        var index = -1;
        fixed (float* pointer = x)
        {
            Dispatch.Run(new Job(pointer, x.Length, &index));
        }

        return index;
    }

    internal readonly struct Job(float* x, int count, int* result) : ILanesJob
    {
        private const int Piece = 512;
        private readonly float* _x = x;
        private readonly int* _result = result;

        public void Execute<TLanes>(int part, int parts)
            where TLanes : unmanaged, ILanes<TLanes>
        {
            // The first piece with a strictly greater maximum holds the lowest index; only that one is searched.
            var best = float.NegativeInfinity;
            var start = 0;
            for (var first = 0; first < count; first += Piece)
            {
                var maximum = RowMaximum.Of<TLanes>(_x + first, Math.Min(Piece, count - first));
                if (maximum > best)
                {
                    best = maximum;
                    start = first;
                }
            }

            *_result = -1;
            for (var index = start; index < count; index++)
            {
                if (_x[index] == best)
                {
                    *_result = index;
                    return;
                }
            }
        }
    }
}
