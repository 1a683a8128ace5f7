using System.Runtime.InteropServices;
using Puna.Engine.Files;
using Puna.Engine.Files.Models;
using Puna.Engine.Files.Storage;
using Puna.Kernels.Formats;
using Puna.Kernels.Threads;

namespace Puna.Engine.Tests.Files;

internal static class ModelAssert
{
    /// <summary>The tensor's values in Hugging Face's row order, for dense formats, decoded here and not by the codecs under test.</summary>
    public static float[] Values(StoredTensor tensor)
    {
        var bytes = tensor.Data.ToArray();
        var flat = tensor.Format.Id switch
        {
            "f32" => MemoryMarshal.Cast<byte, float>(bytes).ToArray(),
            "f16" => [.. MemoryMarshal.Cast<byte, Half>(bytes).ToArray().Select(x => (float)x)],
            "bf16" =>
            [
                .. MemoryMarshal
                    .Cast<byte, ushort>(bytes)
                    .ToArray()
                    .Select(x => BitConverter.UInt32BitsToSingle((uint)x << 16)),
            ],
            _ => throw new NotSupportedException($"{tensor.Format}"),
        };
        if (tensor.RowOrder is not { } order)
        {
            return flat;
        }

        var columns = flat.Length / order.Length;
        var sorted = new float[flat.Length];
        for (var row = 0; row < order.Length; row++)
        {
            Array.Copy(flat, order[row] * columns, sorted, row * columns, columns);
        }

        return sorted;
    }

    /// <summary>Both models have the same tensors with the same values.</summary>
    public static void SameTensors(IModelFile expected, IModelFile actual)
    {
        var found = actual.Tensors.ToDictionary(tensor => tensor.Name);
        foreach (var slot in expected.Plan.Parameters())
        {
            var left = expected.Tensors.Single(tensor => tensor.Name == slot.Name);
            Assert.Equal(left.Shape, found[slot.Name].Shape);
            Assert.Equal(Values(left), Values(found[slot.Name]));
        }
    }

    public static string Sentence(Action action)
    {
        var fault = Assert.Throws<InputException>(action);
        Assert.DoesNotContain('\n', fault.Message);
        Assert.EndsWith(".", fault.Message, StringComparison.Ordinal);
        return fault.Message;
    }

    public static ConversionSummary Convert(
        IModelFile input,
        string path,
        WeightFormat? format,
        WorkerPool? pool = null,
        bool force = false
    ) => ConvertBy(input, path, format is null ? null : new FormatChoice(format), pool, force);

    public static ConversionSummary ConvertBy(
        IModelFile input,
        string path,
        FormatChoice? choice,
        WorkerPool? pool = null,
        bool force = false
    ) =>
        ModelConverter.Convert(
            input,
            path,
            new ConversionOptions { Formats = choice ?? new(Format: null), Force = force },
            pool,
            cancellation: TestContext.Current.CancellationToken
        );

    public static ConversionSummary Create(
        string shape,
        string path,
        WeightFormat format,
        ulong seed,
        WorkerPool? pool = null
    ) =>
        ModelCreator.Create(
            shape,
            path,
            format,
            seed,
            pool,
            cancellation: TestContext.Current.CancellationToken
        );
}
