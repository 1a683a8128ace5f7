using Puna.Engine.Plan;
using Puna.Kernels.Activations;
using Puna.Kernels.Memory;

namespace Puna.Engine.Execution;

/// <summary>Buffers of one <see cref="ForwardPass"/>, sized once for the largest batch: no pass allocates.</summary>
internal sealed class ForwardWorkspace : IDisposable
{
    public ForwardWorkspace(LayerPlan plan, int maximumRows, ActivationFormat activations)
    {
        var hidden = plan.Config.HiddenSize;
        var queryWidth = plan.Layers.Max(layer => layer.Attention.Heads * layer.Attention.HeadDim);
        var bankWidth = plan.Banks.Max(bank => bank.Heads * bank.HeadDim);
        var mlpWidth = plan.Layers.Max(layer => layer.Mlp.Width);
        MaximumRows = maximumRows;
        Residual = new NativeBuffer<float>((long)maximumRows * hidden);
        Normed = new NativeBuffer<float>((long)maximumRows * hidden);
        Branch = new NativeBuffer<float>((long)maximumRows * hidden);
        Queries = new NativeBuffer<float>((long)maximumRows * queryWidth);
        Keys = new NativeBuffer<float>((long)maximumRows * bankWidth);
        Values = new NativeBuffer<float>((long)maximumRows * bankWidth);
        Attended = new NativeBuffer<float>((long)maximumRows * queryWidth);
        Gate = new NativeBuffer<float>((long)maximumRows * mlpWidth);
        Up = new NativeBuffer<float>((long)maximumRows * mlpWidth);
        Positions = new NativeBuffer<int>(maximumRows);
        Activations = new ActivationRows(
            maximumRows,
            Math.Max(Math.Max(hidden, queryWidth), mlpWidth),
            activations
        );
    }

    public int MaximumRows { get; }

    /// <summary>The residual stream x, [T, d].</summary>
    public NativeBuffer<float> Residual { get; }

    /// <summary>norm(x), [T, d].</summary>
    public NativeBuffer<float> Normed { get; }

    /// <summary>Result of a branch before it is added, [T, d].</summary>
    public NativeBuffer<float> Branch { get; }

    /// <summary>Queries, [T, H * dh].</summary>
    public NativeBuffer<float> Queries { get; }

    /// <summary>New keys, [T, Hk * dh].</summary>
    public NativeBuffer<float> Keys { get; }

    /// <summary>New values, [T, Hk * dh].</summary>
    public NativeBuffer<float> Values { get; }

    /// <summary>Attention's result, [T, H * dh].</summary>
    public NativeBuffer<float> Attended { get; }

    /// <summary>Gate, then silu(gate) * up, [T, f].</summary>
    public NativeBuffer<float> Gate { get; }

    /// <summary>Up, [T, f].</summary>
    public NativeBuffer<float> Up { get; }

    /// <summary>Position of each row, [T].</summary>
    public NativeBuffer<int> Positions { get; }

    /// <summary>The batch that matrices read.</summary>
    public ActivationRows Activations { get; }

    public void Dispose()
    {
        Residual.Dispose();
        Normed.Dispose();
        Branch.Dispose();
        Queries.Dispose();
        Keys.Dispose();
        Values.Dispose();
        Attended.Dispose();
        Gate.Dispose();
        Up.Dispose();
        Positions.Dispose();
        Activations.Dispose();
    }
}
