using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using Puna.Testing;

namespace Puna.EndToEnd.Tests;

/// <summary>Holds the layout of docs/architecture.md against the built assemblies and the sources.</summary>
public sealed class ArchitectureTests
{
    private const int MaximumLines = 600;

    private static readonly Dictionary<string, string[]> s_allowedReferences = new()
    {
        ["Puna.Kernels"] = [],
        ["Puna.Engine"] = ["Puna.Kernels"],
        ["puna"] = ["Puna.Kernels", "Puna.Engine"],
    };

    public static TheoryData<string> Assemblies => [.. s_allowedReferences.Keys];

    [Theory]
    [MemberData(nameof(Assemblies))]
    public void An_assembly_references_only_those_below_it(string name)
    {
        using var stream = File.OpenRead(Path.Combine(AppContext.BaseDirectory, name + ".dll"));
        using var image = new PEReader(stream);
        var reader = image.GetMetadataReader();
        var references = reader
            .AssemblyReferences.Select(handle =>
                reader.GetString(reader.GetAssemblyReference(handle).Name)
            )
            .Where(reference => reference.StartsWith("Puna", StringComparison.Ordinal))
            .ToList();
        Assert.All(references, reference => Assert.Contains(reference, s_allowedReferences[name]));
    }

    [Theory]
    [MemberData(nameof(Assemblies))]
    public void A_namespace_is_its_folder(string name)
    {
        var project = name == "puna" ? "Puna.Cli" : name;
        var folder = Path.Combine(SharedData.Root, "src", project);
        foreach (var file in Sources(folder))
        {
            var relative = Path.GetRelativePath(folder, Path.GetDirectoryName(file)!);
            var expected =
                relative == "."
                    ? project
                    : $"{project}.{relative.Replace(Path.DirectorySeparatorChar, '.')}";
            var declared = File.ReadLines(file)
                .FirstOrDefault(line => line.StartsWith("namespace ", StringComparison.Ordinal));
            if (declared is not null)
            {
                Assert.Equal($"namespace {expected};", declared);
            }
        }
    }

    [Fact]
    public void No_source_file_is_longer_than_the_limit()
    {
        var tooLong = Sources(Path.Combine(SharedData.Root, "src"))
            .Concat(Sources(Path.Combine(SharedData.Root, "tests")))
            .Select(file =>
                (
                    File: Path.GetRelativePath(SharedData.Root, file),
                    Lines: File.ReadLines(file).Count()
                )
            )
            .Where(entry => entry.Lines > MaximumLines);
        Assert.Empty(tooLong);
    }

    [Fact]
    public void Only_the_kernels_use_unsafe_code()
    {
        var unsafeProjects = Directory
            .EnumerateFiles(
                Path.Combine(SharedData.Root, "src"),
                "*.csproj",
                SearchOption.AllDirectories
            )
            .Where(file =>
                File.ReadAllText(file).Contains("<AllowUnsafeBlocks>true", StringComparison.Ordinal)
            )
            .Select(file => Path.GetFileNameWithoutExtension(file));
        Assert.Equal(["Puna.Kernels"], unsafeProjects);
    }

    [Fact]
    public void The_engine_knows_no_vector_types_and_no_console()
    {
        foreach (var file in Sources(Path.Combine(SharedData.Root, "src", "Puna.Engine")))
        {
            var text = File.ReadAllText(file);
            Assert.DoesNotContain("System.Runtime.Intrinsics", text, StringComparison.Ordinal);
            Assert.DoesNotContain("Console.", text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Products_and_codecs_know_no_weight_format()
    {
        var kernels = Path.Combine(SharedData.Root, "src", "Puna.Kernels");
        foreach (var folder in (string[])["Activations", "Emitted", "Matrices", "Quantised"])
        {
            foreach (var file in Sources(Path.Combine(kernels, folder)))
            {
                Assert.DoesNotContain(
                    "using Puna.Kernels.Formats;",
                    File.ReadAllText(file),
                    StringComparison.Ordinal
                );
            }
        }
    }

    // The order inside the engine: a folder may use those before it.
    [Fact]
    public void Inside_the_engine_the_arrows_point_one_way()
    {
        string[][] layers =
        [
            ["Linear"],
            ["Cache"],
            ["Model"],
            ["Decoding"],
        ];
        var rank = layers
            .SelectMany((names, index) => names.Select(name => (name, index)))
            .ToDictionary();
        var engine = Path.Combine(SharedData.Root, "src", "Puna.Engine");
        foreach (var (folder, order) in rank)
        {
            foreach (var file in Sources(Path.Combine(engine, folder)))
            {
                foreach (
                    var line in File.ReadLines(file)
                        .Where(line =>
                            line.StartsWith("using Puna.Engine.", StringComparison.Ordinal)
                        )
                )
                {
                    var used = line["using Puna.Engine.".Length..].TrimEnd(';').Split('.')[0];
                    Assert.True(
                        !rank.TryGetValue(used, out var other) || other <= order,
                        $"{file}: {line}"
                    );
                }
            }
        }
    }

    private static IEnumerable<string> Sources(string folder) =>
        Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories);
}
