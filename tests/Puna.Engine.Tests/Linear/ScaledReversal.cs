using Puna.Engine.Linear;
using Puna.Kernels.Memory;
using Puna.Kernels.Threads;

namespace Puna.Engine.Tests.Linear;

/// <summary>(T x)[k] = s[k] x[K - 1 - k] with s[k] = 1 + k / K: neither symmetric nor orthogonal.</summary>
internal sealed class ScaledReversal(int columns) : InputTransform
{
    public override void Forward(FloatRows x, FloatRows to, WorkerPool pool)
    {
        for (var row = 0; row < x.Rows; row++)
        {
            for (var column = 0; column < columns; column++)
            {
                to[row][column] = Factor(column) * x[row][columns - 1 - column];
            }
        }
    }

    public override void Transposed(Span<float> x)
    {
        for (var column = 0; column < columns; column++)
        {
            x[column] *= Factor(column);
        }

        x.Reverse();
    }

    private float Factor(int column) => 1 + (float)column / columns;
}
