using Puna.Engine.Files.Gguf;
using Puna.Engine.Files.Models;
using Puna.Engine.Files.Safetensors;
using Puna.Engine.Files.Writing;
using Puna.Engine.Plan;
using Puna.Kernels.Formats;
using Puna.Kernels.Threads;

namespace Puna.Engine.Files;

/// <summary>Makes models of random weights: the speed of a model does not depend on what its weights are.</summary>
public static class ModelCreator
{
    /// <summary>Seeds of neighbouring tensors lie far apart (the increment of SplitMix64's second stream).</summary>
    private const ulong TensorStep = 0xD1B54A32D192ED03;

    /// <summary>Makes a model. The same arguments give the same bytes, whatever the number of threads.</summary>
    /// <param name="shape">A name of <see cref="ModelShapes"/>.</param>
    /// <param name="path">A .gguf (any readable format), a .safetensors or a folder (f32, f16 or bf16).</param>
    /// <param name="format">Format of the matrices; norms are F32 ones.</param>
    /// <param name="seed">Seed of the weights.</param>
    /// <param name="pool">Threads, or null for the caller's alone.</param>
    /// <param name="progress">Told the share that is done, from 0 to 1.</param>
    /// <param name="force">Replaces a model of another family, or what is no model, under the target name.</param>
    /// <param name="cancellation">Ends the work; the old file stays.</param>
    /// <exception cref="InputException">The shape is unknown, the form cannot hold the format, the disk is full, or the place is taken by what is no regular file or only <paramref name="force"/> replaces.</exception>
    public static ConversionSummary Create(
        string shape,
        string path,
        WeightFormat format,
        ulong seed,
        WorkerPool? pool = null,
        IProgress<double>? progress = null,
        bool force = false,
        CancellationToken cancellation = default
    )
    {
        ArgumentNullException.ThrowIfNull(shape);
        return Create(
            shape,
            ModelShapes.Get(shape),
            path,
            format,
            seed,
            pool,
            progress,
            force,
            cancellation
        );
    }

    internal static ConversionSummary Create(
        string name,
        ModelConfig config,
        string path,
        WeightFormat format,
        ulong seed,
        WorkerPool? pool,
        IProgress<double>? progress,
        bool force,
        CancellationToken cancellation
    )
    {
        ModelConfigRules.Require(name, config);
        var toGguf = ModelOutput.FormOf(path) == ModelOutputForm.Gguf;
        if (!toGguf && SafetensorsTypes.Of(format) is null)
        {
            throw new InputException(
                $"A safetensors file cannot hold {format.Id}; choose f32, f16 or bf16, or write a .gguf file."
            );
        }

        var plan = LayerPlan.FromConfig(config);
        var output = new ModelOutput(path, plan) { Force = force };
        foreach (var spec in plan.Parameters())
        {
            seed = unchecked(seed + TensorStep);
            var chosen = spec.IsMatrix
                ? OutputFormats.Fit(format, spec.Columns)
                : WeightFormats.F32;
            if (spec.IsMatrix && chosen != format)
            {
                output.StoredOtherwise.Add(KeyValuePair.Create(spec.Name, chosen));
            }

            output.Tensors.Add(
                new OutputTensor(
                    toGguf ? GgufNames.ToGguf(spec.Name) : spec.Name,
                    spec.Shape,
                    chosen,
                    spec.IsMatrix ? new RandomRows(chosen, seed) : new ValueRow(Vector(spec))
                )
            );
        }

        if (!toGguf)
        {
            return output.WriteHuggingFace(null, format, pool, progress, cancellation);
        }

        output.AddRotaryFactors();
        using var writer = new GgufWriter();
        GgufModelMetadata.Add(writer, config, $"{name} (random weights)", format);
        GgufTokenizerMetadata.Add(writer, StandInTokenizer.Create(config.VocabularySize), config);
        return output.WriteGguf(writer, pool, progress, cancellation);
    }

    /// <summary>Norms are ones, biases zeros.</summary>
    private static float[] Vector(ParameterSpec spec)
    {
        var values = new float[spec.Rows];
        if (spec.Kind == ParameterKind.Norm)
        {
            Array.Fill(values, 1f);
        }

        return values;
    }
}
