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
        var project = ProjectOf(name);
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

    [Theory]
    [MemberData(nameof(Assemblies))]
    public void Inside_an_assembly_folders_use_only_those_before_them(string name)
    {
        var order = RoomOrder.Read(
            Path.Combine(SharedData.Root, "docs", "architecture.md"),
            ProjectOf(name)
        );
        var arrows = AssemblyArrows.Of(Path.Combine(AppContext.BaseDirectory, name + ".dll"));
        Assert.NotEmpty(arrows);
        Assert.Empty(order.Violations(arrows));
    }

    [Theory]
    [MemberData(nameof(Assemblies))]
    public void Every_folder_has_its_place_in_the_order_and_no_other_has(string name)
    {
        var project = ProjectOf(name);
        var folder = Path.Combine(SharedData.Root, "src", project);
        var folders = Sources(folder)
            .Select(file => Path.GetRelativePath(folder, Path.GetDirectoryName(file)!))
            .Distinct()
            .Select(relative =>
                relative == "."
                    ? project
                    : $"{project}.{relative.Replace(Path.DirectorySeparatorChar, '.')}"
            );
        var order = RoomOrder.Read(
            Path.Combine(SharedData.Root, "docs", "architecture.md"),
            project
        );
        Assert.Equal(folders.Order(), order.Names.Order());
    }

    // What the test above holds would hold nothing if arrows were not seen: in the reverse order each of them is forbidden.
    [Theory]
    [MemberData(nameof(Assemblies))]
    public void A_forbidden_arrow_is_found(string name)
    {
        var order = RoomOrder.Read(
            Path.Combine(SharedData.Root, "docs", "architecture.md"),
            ProjectOf(name)
        );
        var arrows = AssemblyArrows.Of(Path.Combine(AppContext.BaseDirectory, name + ".dll"));
        var reversed = new RoomOrder(order.Names.Reverse());
        Assert.Equal(arrows.Count, reversed.Violations(arrows).Count());
        var (from, to) = arrows.Keys.First();
        Assert.NotEmpty(new RoomOrder([from]).Violations(arrows));
        Assert.NotEmpty(new RoomOrder([to]).Violations(arrows));
    }

    private static string ProjectOf(string assembly) => assembly == "puna" ? "Puna.Cli" : assembly;

    private static IEnumerable<string> Sources(string folder) =>
        Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories);
}
