using Puna.Kernels.Memory;

namespace Puna.Kernels.Matrices;

/// <summary>A matrix W [M, K] and where its product y = x W^T goes.</summary>
/// <param name="Matrix">W.</param>
/// <param name="Result">y [T, M], contiguous.</param>
public readonly record struct MatrixProduct(PackedMatrix Matrix, NativeSpan<float> Result);
